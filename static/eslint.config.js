import js from "@eslint/js";
import globals from "globals";

export default [
  { ignores: ["public/", "node_modules/"] },
  js.configs.recommended,
  {
    files: ["src/js/**/*.js"],
    languageOptions: { globals: globals.browser },
    rules: { eqeqeq: "error", "no-var": "error", "prefer-const": "error", "max-lines": ["error", 350] },
  },
  { files: ["src/js/service_worker.js"], languageOptions: { globals: globals.serviceworker } },
  { files: ["build.mjs", "eslint.config.js"], languageOptions: { globals: globals.node } },
];
