import { accept, refuse, type Decision } from '../decision.js';
import { tidyName } from '../names.js';
import { AS_IS, eventCodec, fields } from '../stored-events.js';

/** The details that a person can change. */
export interface UserDetails {
  readonly name: string;
  /** A name of the IANA time zone database. */
  readonly timeZone: string;
  /** A BCP 47 tag, such as `de`. */
  readonly language: string;
}

/**
 * A person with an account. Its id is derived from the e-mail address, so the address never changes. An account belongs to no
 * tenant (P3).
 */
export interface UserFacts extends UserDetails {
  readonly userId: string;
  readonly email: string;
}

export type UserEvent =
  | { readonly type: 'UserRegistered'; readonly data: UserFacts }
  | { readonly type: 'UserEmailConfirmed'; readonly data: { readonly email: string } }
  | { readonly type: 'UserDetailsChanged'; readonly data: UserDetails }
  | { readonly type: 'UserDeactivated'; readonly data: { readonly reason: string } }
  | { readonly type: 'UserReinstated'; readonly data: { readonly reason: string } }
  | { readonly type: 'IdentityLinked'; readonly data: LinkedIdentity }
  | { readonly type: 'SessionRevoked'; readonly data: RevokedSession };

/** The identity of this user at an external issuer of tokens. */
export interface LinkedIdentity {
  readonly userId: string;
  readonly email: string;
  readonly issuer: string;
  readonly subject: string;
}

/** A session that was ended before it expired. */
export interface RevokedSession {
  readonly sessionId: string;
  readonly userId: string;
  /** ISO 8601: the instant at which the last access token of the session expires. */
  readonly until: string;
}

export type UserCommand =
  | ({ readonly type: 'RegisterUser' } & UserFacts)
  | { readonly type: 'ConfirmUserEmail'; readonly userId: string }
  | ({ readonly type: 'ChangeUserDetails'; readonly userId: string } & Partial<UserDetails>)
  | { readonly type: 'DeactivateUser'; readonly userId: string; readonly reason: string }
  | { readonly type: 'ReinstateUser'; readonly userId: string; readonly reason: string }
  | { readonly type: 'LinkIdentity'; readonly userId: string; readonly issuer: string; readonly subject: string }
  | ({ readonly type: 'RevokeSession' } & RevokedSession);

export interface UserRefusal {
  readonly code: 'NOT_FOUND';
  readonly what: 'user';
  readonly id: string;
}

/** `user: null`: no account, although sessions can have been revoked (the server administrator, a machine). */
export interface UserState {
  readonly user: UserFacts | null;
  readonly emailConfirmed: boolean;
  readonly active: boolean;
  /** Issuer and subject of each. */
  readonly identities: Set<string>;
  /** Sessions that were revoked. */
  readonly revoked: Set<string>;
}

/** Names the fields of every payload, since earlier versions also stored the tenant that first named an account. */
const userCodec = eventCodec<UserEvent>('a user')({
  UserRegistered: fields<UserFacts>()({ userId: AS_IS, email: AS_IS, name: AS_IS, timeZone: AS_IS, language: AS_IS }),
  UserEmailConfirmed: fields<{ readonly email: string }>()({ email: AS_IS }),
  UserDetailsChanged: fields<UserDetails>()({ name: AS_IS, timeZone: AS_IS, language: AS_IS }),
  UserDeactivated: fields<{ readonly reason: string }>()({ reason: AS_IS }),
  UserReinstated: fields<{ readonly reason: string }>()({ reason: AS_IS }),
  IdentityLinked: fields<LinkedIdentity>()({ userId: AS_IS, email: AS_IS, issuer: AS_IS, subject: AS_IS }),
  SessionRevoked: fields<RevokedSession>()({ sessionId: AS_IS, userId: AS_IS, until: AS_IS }),
});

const evolve = (state: UserState, event: UserEvent): UserState => {
  switch (event.type) {
    case 'UserRegistered':
      return { ...state, user: event.data, active: true };
    case 'UserEmailConfirmed':
      return { ...state, emailConfirmed: true };
    case 'UserDetailsChanged':
      return { ...state, user: state.user && { ...state.user, ...event.data } };
    case 'UserDeactivated':
      return { ...state, active: false };
    case 'UserReinstated':
      return { ...state, active: true };
    case 'IdentityLinked':
      state.identities.add(identityKey(event.data));
      return state;
    case 'SessionRevoked':
      state.revoked.add(event.data.sessionId);
      return state;
  }
};

type Decided = Decision<UserEvent, UserRefusal>;

const alreadySo: Decided = accept([]);

/** An account is created once; registering again changes nothing. */
const register = ({ user }: UserState, { userId, email, ...details }: UserFacts): Decided => {
  if (user !== null) return alreadySo;
  const { name, timeZone, language } = details;
  return accept([{ type: 'UserRegistered', data: { userId, email, name: tidyName(name), timeZone, language } }]);
};

const changeDetails = (user: UserFacts, changes: Partial<UserDetails>): Decided => {
  const { name = user.name, timeZone = user.timeZone, language = user.language } = changes;
  const data = { name: tidyName(name), timeZone, language };
  const isSo = data.name === user.name && timeZone === user.timeZone && language === user.language;
  return isSo ? alreadySo : accept([{ type: 'UserDetailsChanged', data }]);
};

const identityKey = ({ issuer, subject }: Pick<LinkedIdentity, 'issuer' | 'subject'>): string =>
  `${issuer}\n${subject}`;

const link = (
  { userId, email }: UserFacts,
  identities: UserState['identities'],
  { issuer, subject }: Pick<LinkedIdentity, 'issuer' | 'subject'>,
): Decided => {
  if (identities.has(identityKey({ issuer, subject }))) return alreadySo;
  return accept([{ type: 'IdentityLinked', data: { userId, email, issuer, subject } }]);
};

const ofUser = (
  { user, emailConfirmed, active, identities }: UserState,
  command: Exclude<UserCommand, { type: 'RegisterUser' | 'RevokeSession' }>,
): Decided => {
  if (user === null) return refuse({ code: 'NOT_FOUND', what: 'user', id: command.userId });
  switch (command.type) {
    case 'ConfirmUserEmail':
      return emailConfirmed ? alreadySo : accept([{ type: 'UserEmailConfirmed', data: { email: user.email } }]);
    case 'ChangeUserDetails':
      return changeDetails(user, command);
    case 'LinkIdentity':
      return link(user, identities, command);
    case 'DeactivateUser':
      return active ? accept([{ type: 'UserDeactivated', data: { reason: command.reason } }]) : alreadySo;
    case 'ReinstateUser':
      return active ? alreadySo : accept([{ type: 'UserReinstated', data: { reason: command.reason } }]);
  }
};

const decide = (state: UserState, command: UserCommand): Decided => {
  if (command.type === 'RegisterUser') return register(state, command);
  if (command.type !== 'RevokeSession') return ofUser(state, command);
  const { sessionId, userId, until } = command;
  if (state.revoked.has(sessionId)) return alreadySo;
  return accept([{ type: 'SessionRevoked', data: { sessionId, userId, until } }]);
};

/** One person; stream `user-<userId>`. No event contains a password or token. */
export const userAggregate = {
  category: 'user',
  initial: (): UserState => ({
    user: null,
    emailConfirmed: false,
    active: false,
    identities: new Set(),
    revoked: new Set(),
  }),
  evolve,
  decide,
  eventTypes: userCodec.types,
  encode: userCodec.encode,
  decode: userCodec.decode,
} as const;
