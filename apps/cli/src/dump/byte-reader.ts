import { readSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { cutOff, damaged } from './dump.js';

const CHUNK = 65_536;
/** No text of a dump's table of contents is longer: it would be an SQL definition of this size. */
const LONGEST_TEXT = 64 * 1_048_576;

/** Reads the integers and texts of a `pg_dump` archive from a file. An archive has many of a few bytes each, so it does not wait. */
export class ByteReader {
  #buffer: Buffer = Buffer.alloc(0);
  /** Position of `#buffer` in the file. */
  #start = 0;
  #position = 0;
  intBytes = 4;
  offsetBytes = 8;

  constructor(
    private readonly file: FileHandle,
    readonly size: number,
  ) {}

  get position(): number {
    return this.#position;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.size;
  }

  seek(position: number): void {
    this.#position = position;
  }

  bytes(length: number, what: string): Buffer {
    if (this.#position + length > this.size) throw cutOff(`it ends within ${what}`);
    const from = this.#position - this.#start;
    if (from < 0 || from + length > this.#buffer.length) this.#fill(length);
    const at = this.#position - this.#start;
    this.#position += length;
    return this.#buffer.subarray(at, at + length);
  }

  byte(what: string): number {
    return this.bytes(1, what)[0]!;
  }

  /** A sign, and the absolute value with the lowest byte first. */
  int(what: string): number {
    const bytes = this.bytes(1 + this.intBytes, what);
    const value = bytes.readUIntLE(1, this.intBytes);
    if (bytes[0]! > 1) throw damaged(`${what} is not a number (byte ${this.#position - 1 - this.intBytes})`);
    return bytes[0] === 1 ? -value : value;
  }

  /** `null`: none. */
  text(what: string): string | null {
    const length = this.int(what);
    if (length < 0) return null;
    if (length > LONGEST_TEXT) throw damaged(`${what} is ${length} bytes long`);
    return this.bytes(length, what).toString('utf8');
  }

  #fill(length: number): void {
    const wanted = Math.min(Math.max(length, CHUNK), this.size - this.#position);
    const buffer = Buffer.allocUnsafe(wanted);
    let read = 0;
    while (read < wanted) {
      const bytes = readSync(this.file.fd, buffer, read, wanted - read, this.#position + read);
      if (bytes === 0) throw cutOff('the file became shorter while it was read');
      read += bytes;
    }
    this.#buffer = buffer;
    this.#start = this.#position;
  }
}
