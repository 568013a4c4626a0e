/** Gives the reader a file to keep. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** Rows of numbers, ids and instants, which need no quotes, as CSV (RFC 4180). */
export const csvOf = (columns: readonly string[], rows: readonly (readonly (string | number)[])[]): Blob =>
  new Blob([[columns, ...rows].map((row) => `${row.join(',')}\r\n`).join('')], { type: 'text/csv' });
