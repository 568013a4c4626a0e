const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** For text between tags and for quoted attributes. */
export const escapeHtml = (value: string): string =>
  value.replace(/[&<>"'`]/g, (character) => ESCAPES[character] ?? '');
