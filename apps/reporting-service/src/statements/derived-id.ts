import { hash } from 'node:crypto';

/** A UUID (version 8) that follows from a name: the same document has the same id, however often it is computed. */
export function derivedId(name: string): string {
  const hex = hash('sha256', `allotree statements/${name}`, 'hex');
  const variant = '89ab'[hex.charCodeAt(16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
