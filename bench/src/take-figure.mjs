/** Takes one figure in this process: started by a message, answers with the rows of the table. */
const [name] = process.argv.slice(2);
process.once('message', async ({ server, quick }) => {
  const { run } = await import(`./figures/${name.replaceAll('_', '-')}.mjs`);
  const rows = await run({ server, quick, progress: (line) => process.stderr.write(`  ${line}\n`) });
  process.send(rows, () => process.exit(0));
});
