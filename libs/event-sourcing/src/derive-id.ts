import { hash } from 'node:crypto';

/** Ours alone, so that ids derived here never meet those of another system's version 5 UUIDs. */
const NAMESPACE = '6f1d3c52-9f0e-4c57-8a67-5b6c1c0a7e11/';

/**
 * A UUID (version 5 in form) that follows from a command id and an index or label: the ids of a command's events and of
 * everything it creates. The same command always derives the same ids, so a repeat finds or overwrites itself.
 */
export function deriveId(commandId: string, index: number | string): string {
  const hex = hash('sha1', `${NAMESPACE}${commandId}/${index}`, 'hex');
  const variant = VARIANT[hex.charCodeAt(16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const VARIANT = '89ab';
