import type { MailTypeName } from '@allotree/contracts';

/** What stands behind a marker in a template. */
export interface Marker {
  readonly description: string;
  /** A template without it is not saved. */
  readonly required?: true;
  /**
   * `text`: a few words; `block`: a list, only between other paragraphs of the HTML; `address`: only as a whole `href` or as
   * a text of its own; `code`: only as a text of its own.
   */
  readonly kind: 'text' | 'block' | 'address' | 'code';
}

export type Markers = Readonly<Record<string, Marker>>;

const text = (description: string): Marker => ({ description, kind: 'text' });
const required = (marker: Marker): Marker => ({ ...marker, required: true });

const EVERYWHERE: Markers = {
  greeting: text('Greeting with the name of the recipient: "Hello Ada Berg,"'),
  recipient_name: text('Name of the recipient'),
  project: text('Name of the project, or of the projects'),
  link: { description: 'Address where the recipient can act on it', kind: 'address' },
};

/** Of a mail that is about no project. */
const OF_PERSON: Markers = {
  greeting: EVERYWHERE['greeting'] as Marker,
  recipient_name: EVERYWHERE['recipient_name'] as Marker,
  link: EVERYWHERE['link'] as Marker,
};

const OF_GROUPS: Markers = {
  ...EVERYWHERE,
  group_list: required({ description: 'The groups, each with what happens to it', kind: 'block' }),
  group_count: text('How many groups: "1 group", "3 groups"'),
};

const fallback = text('License that takes over, such as Basic');

/** E3 defines the content of the mails. Values are in the language of the recipient. */
export const MARKERS: Readonly<Record<MailTypeName, Markers>> = {
  license_expiry_reminder: {
    ...OF_GROUPS,
    valid_until: required(text('The first day something ends, in the time zone of its project')),
    days_left: required(text('How long until then: "1 day", "7 days", as it follows "in"')),
    what_stops: text('How much stops working then, as a sentence'),
    fallback,
  },
  license_ended: {
    ...OF_GROUPS,
    ended_at: text('When it ended'),
    stopped: required(text('What stopped working: "80 virtual numbers, 60 mobile apps"')),
    features_off: text('Features that are switched off'),
    fallback: required(fallback),
  },
  license_restored: {
    ...OF_GROUPS,
    restored: text('What works again'),
    valid_until: text('Until when, from now on'),
  },
  trial_started: {
    ...EVERYWHERE,
    project: required(text('Name of the project')),
    valid_until: required(text('The last day of the trial')),
    days_left: text('How long until then: "30 days"'),
  },
  webhook_disabled: {
    ...OF_PERSON,
    endpoint: required(text('Description of the webhook endpoint, or its host')),
    endpoint_id: text('Id of the webhook endpoint'),
    reason: required(text('Why it was disabled, as a sentence')),
    disabled_at: text('When it was disabled'),
  },
  invitation: {
    ...EVERYWHERE,
    link: required({ description: 'Address where the invitation is accepted', kind: 'address' }),
    inviter: text('Name of the person who invites'),
    role: text('Role the recipient is invited to take'),
    group: text('Name of the group the recipient is invited to'),
  },
  registration: {
    ...EVERYWHERE,
    link: required({ description: 'Address where the registration is confirmed', kind: 'address' }),
    code: { description: 'Eight digits that confirm it as well', kind: 'code' },
    partner: text('Name of the partner that registers'),
  },
  registration_known: OF_PERSON,
  password_reset: {
    ...OF_PERSON,
    link: required({ description: 'Address where the password is chosen', kind: 'address' }),
  },
  password_changed: { ...OF_PERSON, changed_at: text('When it was changed') },
};

/** A colon and a word: not in `10:30`, `https:`, `a::b`. */
export const MARKER_PATTERN = /(?<![\p{L}\p{N}_:])(:)([a-z][a-z0-9_]*)/gu;

export const markersIn = (text: string): string[] => [...text.matchAll(MARKER_PATTERN)].map(([, , name]) => name ?? '');
