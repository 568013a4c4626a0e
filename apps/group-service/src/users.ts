import { emailKey } from '@allotree/domain';
import { deriveId } from '@allotree/event-sourcing';

/** The same person everywhere: a user id follows from the e-mail address, without regard to case. */
export const userIdOf = (email: string): string => deriveId('user', emailKey(email));
