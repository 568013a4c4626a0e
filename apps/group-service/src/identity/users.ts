import { emailKey } from '@allotree/domain';
import { deriveId } from '@allotree/event-sourcing';

/** A user id derives from the e-mail address, ignoring case. */
export const userIdOf = (email: string): string => deriveId('user', emailKey(email));
