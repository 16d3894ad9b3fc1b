/** Mantine's part of the look; colours and sizes of our own stand in styles/tokens.css. */
import { createTheme, localStorageColorSchemeManager, useComputedColorScheme } from "@mantine/core";
import type { Scheme } from "../lib/color";

export const schemeManager = localStorageColorSchemeManager({ key: "hivesight-theme" });

export const theme = createTheme({
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  defaultRadius: 6,
  respectReducedMotion: true,
});

export function useScheme(): Scheme {
  return useComputedColorScheme("dark");
}
