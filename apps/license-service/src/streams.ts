/** `partner_stock-<partnerId>`, `project-<projectId>`: a category has no `-`. */
const idOf = (streamName: string): string => streamName.slice(streamName.indexOf('-') + 1);

export const partnerOfStream = idOf;
export const projectOfStream = idOf;
