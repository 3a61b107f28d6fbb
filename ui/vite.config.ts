import { svelte } from "@sveltejs/vite-plugin-svelte";
import { resolve } from "node:path";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [svelte()],
  clearScreen: false,
  server: { port: 5173, strictPort: true },
  build: {
    // The one engine that shows these pages: WebKitGTK of the distributions that are supported.
    target: "safari16",
    // Fonts and pictures as files: the content security policy allows no data: URLs.
    assetsInlineLimit: 0,
    // It would look at every element that is ever added; where modules can't be preloaded, they are loaded.
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        main: resolve(import.meta.dirname, "index.html"),
        unlock: resolve(import.meta.dirname, "unlock.html"),
      },
    },
  },
  resolve: { alias: { $: resolve(import.meta.dirname, "src") } },
});
