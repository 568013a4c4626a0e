#!/usr/bin/env node
import { runProgram } from './program.js';

// A reader that has seen enough (`allotree events tail | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

const { env, stdin, stdout, stderr } = process;
process.exitCode = await runProgram(process.argv.slice(2), { env, stdin, stdout, stderr, now: () => Date.now() });
