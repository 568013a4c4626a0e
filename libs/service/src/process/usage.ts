import type { z } from 'zod';
import { describeConfiguration, type ConfigurationRow } from '@allotree/basics/configuration';

const WIDTH = 100;
const INDENT = '      ';

function wrapped(text: string): string {
  const lines: string[] = [];
  let line = INDENT.trimEnd();
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = INDENT.trimEnd();
    }
    line = line.trim() === '' ? `${INDENT}${word}` : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

function paragraph({ name, description, allowed, default: usual, required, secret }: ConfigurationRow): string {
  const state = required ? 'required' : usual === null ? 'optional' : `default ${usual}`;
  const file = secret === true ? `, or ${name}_FILE` : '';
  return `  ${name}${file}  (${state})\n${wrapped(`${description} It is ${allowed}.`)}`;
}

/** The output of `--help`: every variable with its meaning, default and allowed values. */
export const usage = (command: string, summary: string, configuration: z.ZodObject): string =>
  `${command}\n\n${summary}\n\nEnvironment variables:\n\n${describeConfiguration(configuration).map(paragraph).join('\n\n')}\n`;
