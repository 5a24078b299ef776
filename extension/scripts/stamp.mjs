// Writes into the built manifest from which sources it was built; with --check, compares.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCES = ['package.json', 'package-lock.json', 'tsconfig.json', 'schema', 'src', 'style'];
const MANIFEST = join(ROOT, '..', 'flexiflow', 'labextension', 'package.json');

const files = place =>
  statSync(place).isDirectory()
    ? readdirSync(place).flatMap(name => files(join(place, name)))
    : [place];
const sha256 = data => createHash('sha256').update(data).digest('hex');

/** A line "hash path" for each source but the tests, sorted by path, hashed again. */
export function hashOfSources() {
  const paths = SOURCES.flatMap(name => files(join(ROOT, name)));
  const lines = paths
    .filter(path => !path.endsWith('.test.ts'))
    .map(path => [relative(ROOT, path).split(sep).join('/'), sha256(readFileSync(path))])
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, hash]) => `${hash} ${name}\n`);
  return sha256(lines.join(''));
}

if (!existsSync(MANIFEST)) {
  console.error('The extension is not built: npm run build');
  process.exit(1);
}
const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8'));
if (!process.argv.includes('--check')) {
  manifest.sources = hashOfSources();
  writeFileSync(MANIFEST, JSON.stringify(manifest, null, 2) + '\n');
} else if (manifest.sources !== hashOfSources()) {
  console.error('The built extension is not of these sources. Build it again: npm run build');
  process.exit(1);
}
