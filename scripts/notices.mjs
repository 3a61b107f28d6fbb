// Prints the licences of everything that is built into the two programs: of each crate and of each
// package of the pages, with every distinct text once.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

const PROGRAMS = ["strongroom-cli", "strongroom-app"];
const LICENCE = /^(licen[cs]e|copying|copyright|notice|unlicense|ofl)/i;

const output = (program, ...args) =>
  execFileSync(program, args, { encoding: "utf8", maxBuffer: 1 << 28 });

/** Every crate that is linked in, without ours. */
function crates() {
  const host = /^host: (.*)$/m.exec(output("rustc", "-vV"))[1];
  const metadata = JSON.parse(
    output("cargo", "metadata", "--format-version=1", "--filter-platform", host),
  );
  const packages = new Map(metadata.packages.map((one) => [one.id, one]));
  const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));
  const linked = new Set();
  const waiting = metadata.packages.filter(({ name }) => PROGRAMS.includes(name)).map(({ id }) => id);
  while (waiting.length > 0) {
    const id = waiting.pop();
    if (linked.has(id)) continue;
    linked.add(id);
    for (const { pkg, dep_kinds } of nodes.get(id).deps) {
      if (dep_kinds.some(({ kind }) => kind === null)) waiting.push(pkg);
    }
  }
  return [...linked]
    .map((id) => packages.get(id))
    .filter(({ source }) => source !== null)
    .map(({ name, version, license, manifest_path }) => ({
      name: `${name} ${version}`,
      licence: license,
      folder: dirname(manifest_path),
    }));
}

/** Every package of the pages, fonts among them. */
function packages() {
  const folders = output("npm", "ls", "--prefix=ui", "--omit=dev", "--all", "--parseable");
  return folders
    .trim()
    .split("\n")
    .filter((folder) => folder.includes("node_modules"))
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
      return { name: `${name} ${version}`, licence: license, folder };
    });
}

/** The files with licences in a folder; some keep them in a folder of that name. */
function licences(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => LICENCE.test(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? readdirSync(path).map((name) => join(path, name)) : [path];
    });
}

const texts = new Map();
const parts = [...crates(), ...packages()].sort((one, other) => one.name.localeCompare(other.name));
for (const { name, folder } of parts) {
  for (const file of licences(folder)) {
    const text = readFileSync(file, "utf8").replace(/\r/g, "").trim();
    texts.set(text, [...(texts.get(text) ?? []), name]);
  }
}

console.log("Strongroom is built with:\n");
for (const { name, licence } of parts) console.log(`  ${name}: ${licence ?? "see below"}`);
for (const [text, names] of texts) {
  console.log(`\n${"-".repeat(80)}\n${[...new Set(names)].join(", ")}:\n\n${text}`);
}
