import { hash } from 'node:crypto';

/** Private to this system, so that derived ids never collide with the version 5 UUIDs of other systems. */
const NAMESPACE = '6f1d3c52-9f0e-4c57-8a67-5b6c1c0a7e11/';

/**
 * Derives a UUID (version 5 format) from a command id and an index or label; used for the events of a command and
 * everything it creates. A repeated command derives the same ids, which makes it idempotent.
 */
export function deriveId(commandId: string, index: number | string): string {
  const hex = hash('sha1', `${NAMESPACE}${commandId}/${index}`, 'hex');
  const variant = VARIANT[hex.charCodeAt(16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const VARIANT = '89ab';
