/** One text of a page. The page contains the English text; the script replaces it where the browser asks for German. */
export interface Words {
  readonly en: string;
  readonly de: string;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? '');

/** An element with nothing but these words. */
export const element = (name: string, { en, de }: Words, attributes = ''): string =>
  `<${name}${attributes === '' ? '' : ` ${attributes}`} data-de="${escaped(de)}">${escaped(en)}</${name}>`;

export const paragraph = (words: Words, attributes = ''): string => element('p', words, attributes);

/** A part of a page that the script shows in one state; nobody sees it without the script. */
export const stateOf = (name: string, ...content: readonly string[]): string =>
  `<section data-state="${name}" tabindex="-1" hidden>${content.join('')}</section>`;

interface Field {
  /** As the request calls it. */
  readonly name: string;
  readonly label: Words;
  readonly type: 'text' | 'email' | 'password';
  readonly autocomplete: string;
  readonly hint?: Words;
}

/** @param form makes the ids of two forms of a page differ */
function field(form: string, { name, label, type, autocomplete, hint }: Field): string {
  const id = `${form}-${name}`;
  const hintId = hint === undefined ? '' : `${id}-hint `;
  return [
    '<div class="field">',
    element('label', label, `for="${id}"`),
    hint === undefined ? '' : paragraph(hint, `class="hint" id="${id}-hint"`),
    `<input id="${id}" name="${name}" type="${type}" autocomplete="${autocomplete}" required`,
    ` aria-describedby="${hintId}${id}-error" autocapitalize="none" spellcheck="false" />`,
    `<p class="error" id="${id}-error"></p>`,
    type === 'password' ? revealing(id) : '',
    '</div>',
  ].join('');
}

const revealing = (id: string): string =>
  `<p class="reveal"><input id="${id}-reveal" type="checkbox" data-reveal="${id}" />` +
  `${element('label', { en: 'Show password', de: 'Passwort anzeigen' }, `for="${id}-reveal"`)}</p>`;

interface Form {
  readonly id: string;
  /** Where it is sent, below `/api/v1`. */
  readonly route: string;
  readonly fields: readonly Field[];
  readonly button: Words;
}

/** The script sends it; a browser cannot, so that a password never becomes a part of an address. */
export const form = ({ id, route, fields, button }: Form): string =>
  [
    `<form id="${id}" data-route="${route}" novalidate>`,
    ...fields.map((each) => field(id, each)),
    element('button', button, 'type="submit"'),
    '</form>',
  ].join('');

export interface Page {
  /** The script does what this page is for by it. */
  readonly name: string;
  readonly title: Words;
  readonly content: readonly string[];
  /** Shown where scripts are off. */
  readonly withoutScript: Words;
}

const noscript = ({ en, de }: Words): string =>
  `<noscript><p>${escaped(en)}</p><p lang="de">${escaped(de)}</p></noscript>`;

/** A whole page, without inline scripts and styles, which its content security policy forbids. */
export const html = ({ name, title, content, withoutScript }: Page, footer: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<meta name="robots" content="noindex" />
${element('title', { en: `${title.en} - Allotree`, de: `${title.de} - Allotree` })}
<link rel="stylesheet" href="/link-pages/page.css" />
<script type="module" src="/link-pages/page.js"></script>
</head>
<body data-page="${name}">
<main>
<p class="brand">Allotree</p>
${element('h1', title)}
${noscript(withoutScript)}
<div id="problem" role="alert" tabindex="-1"></div>
<p id="progress" role="status" aria-live="polite"></p>
${content.join('\n')}
</main>
${footer}
</body>
</html>
`;
