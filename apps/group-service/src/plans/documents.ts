import { invalid } from '@allotree/http/problem';
import { checkProjectFile, pathText, type ProjectFile } from '@allotree/project-file';

/** The project file in a request. @throws Problem `VALIDATION` that names every mistake */
export function projectFileOf(document: unknown): ProjectFile {
  const checked = checkProjectFile(document);
  if (checked.ok) return checked.file;
  throw invalid(checked.findings.map(({ path, message }) => ({ field: pathText(['document', ...path]), message })));
}
