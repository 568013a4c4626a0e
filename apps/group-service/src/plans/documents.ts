import { inSlices } from '@allotree/basics';
import { invalid } from '@allotree/http/problem';
import { checkInSlices, pathText, type ProjectFile } from '@allotree/project-file';

/** The project file in a request. @throws Problem `VALIDATION` that names every mistake */
export async function projectFileOf(document: unknown): Promise<ProjectFile> {
  const checked = await inSlices(checkInSlices(document));
  if (checked.ok) return checked.file;
  throw invalid(checked.findings.map(({ path, message }) => ({ field: pathText(['document', ...path]), message })));
}
