// Runs before the first paint, as a file because the Content-Security-Policy allows no inline script.
(function () {
  var scheme = null;
  try {
    scheme = localStorage.getItem("hivesight-theme");
  } catch {
    // Storage can be switched off: the default theme stays.
  }
  document.documentElement.setAttribute("data-mantine-color-scheme", scheme === "light" ? "light" : "dark");
})();
