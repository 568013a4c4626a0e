/**
 * `node tools/mail-templates.mjs`: compiles the default mail templates from MJML to HTML, one folder per language. A template is
 * its heading, preview and reason (why the recipient gets the mail), then the MJML between greeting and footer; `layout.mjml`
 * surrounds it. The HTML is committed, so neither builds nor starts need the compiler; `--check` only reports whether it is up
 * to date.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import mjmlToHtml from 'mjml-core';
import preset from 'mjml-preset-core';

const folder = join(import.meta.dirname, '../apps/notification-service/src/templates/defaults');

const PLAIN = '#1f5fa8';
/** The colors of mails that report something good, bad or urgent. */
const ACCENTS = { license_expiry_reminder: '#b25e09', license_ended: '#b3261e', license_restored: '#1e7d4b' };

const FIELDS = ['heading', 'preview', 'reason'];

/** The MJML of a whole mail. */
const assembled = (layout, { path, source, language, mailType }) => {
  const [head, content] = source.split('\n---\n');
  const fields = Object.fromEntries(head.split('\n').map((line) => line.split(/: (.*)/, 2)));
  const missing = FIELDS.filter((field) => !fields[field]);
  if (content === undefined || missing.length > 0)
    throw new Error(`${path} lacks ${missing.join(', ') || 'its content'}`);
  const parts = { ...fields, content, language, accent: ACCENTS[mailType] ?? PLAIN };
  return layout.replace(/\{\{(\w+)\}\}/g, (_hole, name) => parts[name]);
};

/** No web fonts, which would be loaded from third parties. */
const compiled = async (mjml) => {
  const convert = mjmlToHtml.default ?? mjmlToHtml;
  const { html, errors } = await convert(mjml, {
    presets: [preset.default ?? preset],
    fonts: {},
    validationLevel: 'soft',
  });
  if (errors.length > 0) throw new Error(errors.map((error) => error.formattedMessage).join('\n'));
  return `${html
    .replace(/^\s*\n/gm, '')
    .replace(/^\s+/gm, '')
    .trim()}\n`;
};

const sourcesOf = async (language) => {
  const names = (await readdir(join(folder, language))).filter((name) => name.endsWith('.mjml')).sort();
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, language, name);
      return { path, source: await readFile(path, 'utf8'), language, mailType: basename(name, '.mjml') };
    }),
  );
};

export const mailTemplates = async () => {
  const layout = await readFile(join(folder, 'layout.mjml'), 'utf8');
  const languages = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const sources = (await Promise.all(languages.map(({ name }) => sourcesOf(name)))).flat();
  return Promise.all(
    sources.map(async (source) => ({
      path: source.path.replace(/\.mjml$/, '.html'),
      html: await compiled(assembled(layout, source)),
    })),
  );
};

if (process.argv[1] === import.meta.filename) {
  for (const { path, html } of await mailTemplates()) {
    const current = await readFile(path, 'utf8').catch(() => null);
    if (current === html) continue;
    if (process.argv.includes('--check')) {
      console.error(`${path} is outdated. Run node tools/mail-templates.mjs.`);
      process.exitCode = 1;
    } else await writeFile(path, html);
  }
}
