/**
 * `node tools/mail-templates.mjs`: compiles the default mail templates from MJML to HTML. The HTML is committed, so
 * neither builds nor starts need the compiler; `--check` only reports whether it is up to date.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import mjmlToHtml from 'mjml-core';
import preset from 'mjml-preset-core';

const folder = join(import.meta.dirname, '../apps/notification-service/src/templates/defaults');

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

export const mailTemplates = async () => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.mjml')).sort();
  return Promise.all(
    names.map(async (name) => ({
      path: join(folder, name.replace(/\.mjml$/, '.html')),
      html: await compiled(await readFile(join(folder, name), 'utf8')),
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
