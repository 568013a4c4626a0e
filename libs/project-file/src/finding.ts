/** One thing that is wrong in a project file. */
export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}
