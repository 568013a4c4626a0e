import { describe, expect, it } from '@jest/globals';
import { MAIL_TYPES, type MailTypeName } from '@allotree/contracts';
import { compileTemplate } from './compile.js';
import { DEFAULT_TEMPLATES } from './defaults.js';
import { MARKERS } from './markers.js';
import { sampleValues } from './samples.js';

/** Subject and text part of every mail. */
const MAILS: Readonly<Record<MailTypeName, string>> = {
  license_expiry_reminder: `Hafenblick: licenses end in 30 days

Allotree

Licenses end in 30 days

Hello Ada Berg,

Licenses in Hafenblick end soon, the first on 1 December 2026.

80 virtual numbers, 60 mobile apps and 5 UKEY2 keys stop working unless the licenses are extended.

- Building A (Hafenblick)
  Ends on 1 December 2026, in 30 days
  Stops then: 79 virtual numbers, 58 mobile apps and 5 UKEY2 keys
  Afterwards: Basic
- Building A › Unit 1 (Hafenblick)
  Ends on 15 December 2026, in 44 days
  Stops then: 1 virtual number and 2 mobile apps
  Afterwards: no license

Extend licenses <https://x.example>

You are receiving this email because you administer these groups or are a member of them.
`,
  license_ended: `Hafenblick: licenses have ended

Allotree

Licenses have ended

Hello Ada Berg,

Licenses in Hafenblick ended on 1 December 2026.

No longer working: 80 virtual numbers, 60 mobile apps and 5 UKEY2 keys
Features switched off: remote door opening and guest access
Now in effect: Basic

Nothing has been deleted. Everything works again as soon as the licenses are extended.

- Building A (Hafenblick)
  Ended on 1 December 2026
  No longer working: 80 virtual numbers, 60 mobile apps and 5 UKEY2 keys
  Switched off: remote door opening and guest access
  Now in effect: Basic

Extend licenses <https://x.example/projects/hafenblick/groups/building-a>

You are receiving this email because you administer these groups or are a member of them.
`,
  license_restored: `Hafenblick: licenses work again

Allotree

Licenses work again

Hello Ada Berg,

Licenses in Hafenblick are valid again until 31 December 2026.

Working again: 80 virtual numbers, 60 mobile apps and 5 UKEY2 keys

- Building A (Hafenblick)
  Working again: 80 virtual numbers, 60 mobile apps and 5 UKEY2 keys
  Valid until: 31 December 2026

View licenses <https://x.example/projects/hafenblick/groups/building-a>

You are receiving this email because you administer these groups or are a member of them.
`,
  trial_started: `Hafenblick: your trial has started

Allotree

Your trial of Hafenblick has started

Hello Ada Berg,

Until 1 December 2026, you can use every feature in Hafenblick, with as many virtual numbers, mobile apps and UKEY2 keys as you like.

After that, the licenses you have bought by then apply, together with the Basic licenses of your devices.

Open project <https://x.example/projects/hafenblick/groups/hafenblick>

You are receiving this email because you administer Hafenblick.
`,
  webhook_disabled: `Webhooks have stopped: Billing

Allotree

Webhooks have stopped

Hello Ada Berg,

The webhook endpoint Billing (8c6d6f0e-6a0b-4b57-9b0f-0a3f5d1c2e4b) was disabled on 1 November 2026, 07:00 (UTC). Nothing could be delivered to it for five days.

Its events are kept meanwhile. As soon as the endpoint is activated again, they follow in their order.

Open Allotree <https://x.example>

You are receiving this email because you are an administrator of the tenant that set up the webhooks.
`,
  invitation: `Jon Hansen has invited you to Hafenblick

Allotree

You are invited to Hafenblick

Hello Ada Berg,

Jon Hansen has invited you to the project Hafenblick.

Group: Building A
Your role: site administrator

Accept invitation <https://x.example/invitations#sample>

The link works once and is valid for 7 days. If you were not expecting this invitation, you can ignore this email.

You are receiving this email because Jon Hansen entered your email address.
`,
  registration: `Confirm your email address to register Nordlicht

Allotree

Confirm your email address

Hello Ada Berg,

Only one step is left to register Nordlicht with the project Hafenblick: please confirm that this email address is yours.

Confirm registration <https://x.example/registrations#sample>

Or enter this code on the page where you registered:

20461975

The link and the code are valid for 24 hours. If you did not register, please ignore this email and do not open the link.

You are receiving this email because somebody entered your email address when registering.
`,
  registration_known: `You already have an account

Allotree

You already have an account

Hello Ada Berg,

Somebody, perhaps you, tried to register with this email address. There is already an account for it, so nothing new was registered. You can sign in with your existing account.

Sign in <https://x.example/sign-in>

If you have forgotten your password, you can reset it on the sign-in page. If this was not you, you do not need to do anything.

You are receiving this email because somebody entered your email address when registering.
`,
  password_reset: `Choose a password

Allotree

Choose a password

Hello Ada Berg,

We received a request to set a new password for the account with this email address.

Choose a password <https://x.example/password#sample>

The link works once and is valid for one hour. If you did not request this, you can ignore this email: your password stays the same.

You are receiving this email because somebody requested a new password for your email address.
`,
  password_changed: `Your password was changed

Allotree

Your password was changed

Hello Ada Berg,

The password of your account was changed on 1 November 2026, 08:00 (Europe/Berlin). All sessions that were signed in with the old password have ended.

If this was not you, choose a new password immediately.

Choose a password <https://x.example/password>

You are receiving this email because it concerns the security of your account.
`,
};

describe('a mail in English', () => {
  it.each(MAIL_TYPES)('reads word by word: %s', (mailType) => {
    const template = compileTemplate(DEFAULT_TEMPLATES.en[mailType], MARKERS[mailType]);
    const { subject, text } = template.render(sampleValues(mailType, 'https://x.example', 'en'));
    expect(`${subject}\n\n${text}`).toBe(MAILS[mailType]);
  });
});
