// Builds public/ from src/: one stylesheet, one self-contained script per page, the icon sprite, the font.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const from = (...parts) => join(here, ...parts);
const icons = readFileSync(from("src/img/icons.txt"), "utf8").split("\n").filter(Boolean);

rmSync(from("public"), { recursive: true, force: true });
for (const folder of ["css", "js", "img", "fonts"]) mkdirSync(from("public", folder), { recursive: true });

execFileSync(
  from("node_modules/.bin/tailwindcss"),
  ["--input", from("src/css/app.css"), "--output", from("public/css/app.css"), "--minify"],
  { cwd: here, stdio: ["ignore", "ignore", "inherit"] },
);

await build({
  entryPoints: ["theme", "app", "home", "new_dub", "job", "player", "account", "pair", "service_worker"].map((name) => from(`src/js/${name}.js`)),
  outdir: from("public/js"),
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome109", "firefox115", "safari16"],
  legalComments: "none",
});

const symbols = icons.map((name) => {
  const svg = readFileSync(from(`node_modules/lucide-static/icons/${name}.svg`), "utf8");
  const shapes = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s*\n\s*/g, "")}</symbol>`;
});
writeFileSync(
  from("public/img/icons.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`,
);

for (const subset of ["latin", "latin-ext"]) {
  cpSync(
    from(`node_modules/@fontsource-variable/figtree/files/figtree-${subset}-wght-normal.woff2`),
    from(`public/fonts/figtree-${subset}.woff2`),
  );
}
cpSync(from("node_modules/@fontsource-variable/figtree/LICENSE"), from("public/fonts/LICENSE"));
for (const name of ["favicon.svg", "icon-180.png", "icon-192.png", "icon-512.png", "icon-maskable-512.png"]) {
  cpSync(from("src/img", name), from("public/img", name));
}
