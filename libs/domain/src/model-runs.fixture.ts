/**
 * How many generated runs a model gets, as an argument for `fc.assert`: `MODEL_RUNS`, else the usual number. `MODEL_SEED` repeats a run.
 *
 * @param usual fewer than 100 only where a single run takes tens of milliseconds
 */
export function modelRuns(usual = 100): { numRuns: number; seed?: number } {
  const { MODEL_RUNS, MODEL_SEED } = process.env;
  return {
    numRuns: Number(MODEL_RUNS ?? usual),
    ...(MODEL_SEED === undefined ? {} : { seed: Number(MODEL_SEED) }),
  };
}
