import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// The development server answers pages itself and hands every API to a running Hivesight.
const server = process.env.HIVESIGHT_URL ?? "http://127.0.0.1:9640";
const handedOn = ["/api", "/hive", "/-/", "/metrics"];

export default defineConfig({
  plugins: [react()],
  server: {
    host: "127.0.0.1",
    proxy: Object.fromEntries(handedOn.map((path) => [path, { target: server, changeOrigin: true }])),
  },
  build: {
    outDir: "../server/src/hivesight/ui/static",
    emptyOutDir: true,
    target: "es2022",
    sourcemap: false,
    // Nothing may become a data: URL of a font or an image that the policy would have to allow.
    assetsInlineLimit: 0,
    // The licences of what is bundled go with it.
    license: { fileName: "licenses.md" },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});
