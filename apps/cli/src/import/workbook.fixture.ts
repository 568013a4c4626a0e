import { strToU8, zipSync } from 'fflate';

const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';

/** `<c>` elements by their addresses: a text, a number, or the XML of a cell. */
export type Cells = Readonly<Record<string, string | number>>;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function rowsOf(cells: Cells): string {
  const rows = new Map<string, string[]>();
  for (const [address, value] of Object.entries(cells)) {
    const row = /\d+$/.exec(address)?.[0] ?? '1';
    const own = rows.get(row) ?? [];
    rows.set(row, own);
    if (typeof value === 'number') own.push(`<c r="${address}"><v>${value}</v></c>`);
    else if (value.startsWith('<')) own.push(value.replace('<c', `<c r="${address}"`));
    else own.push(`<c r="${address}" t="inlineStr"><is><t>${escaped(value)}</t></is></c>`);
  }
  return [...rows].map(([row, own]) => `<row r="${row}">${own.join('')}</row>`).join('');
}

/** A workbook as a spreadsheet saves it. Style 1 is a date. */
export function workbook(
  sheets: Readonly<Record<string, Cells>>,
  { isFrom1904 = false }: { readonly isFrom1904?: boolean } = {},
): Buffer {
  const names = Object.keys(sheets);
  const list = names.map((name, index) => `<sheet name="${name}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`);
  const relations = names.map(
    (_, index) =>
      `<Relationship Id="rId${index + 1}" Type="${RELATIONS}/worksheet" Target="worksheets/s${index}.xml"/>`,
  );
  const properties = isFrom1904 ? '<workbookPr date1904="1"/>' : '';
  const files: Record<string, string> = {
    'xl/workbook.xml': `<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}">${properties}<sheets>${list.join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships><Relationship Id="styles" Type="${RELATIONS}/styles" Target="styles.xml"/>${relations.join('')}</Relationships>`,
    'xl/styles.xml': `<styleSheet xmlns="${MAIN}"><cellStyleXfs><xf numFmtId="0"/></cellStyleXfs><cellXfs><xf numFmtId="0" xfId="0"/><xf numFmtId="14" xfId="0" applyNumberFormat="1"/></cellXfs></styleSheet>`,
  };
  names.forEach((name, index) => {
    const rows = rowsOf(sheets[name] ?? {});
    files[`xl/worksheets/s${index}.xml`] = `<worksheet xmlns="${MAIN}"><sheetData>${rows}</sheetData></worksheet>`;
  });
  return Buffer.from(zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)]))));
}
