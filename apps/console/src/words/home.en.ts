/** The texts of the small console and of the own account in English. */
export const homeEn = {
  home: {
    nothing: 'You are a member of no group. Ask the administrator of your building.',
    use: 'What is in use here',
    ofLimit: '{{used}} of {{limit}}',
    'suspended#one': '{{count}} is suspended and does not work at the moment.',
    'suspended#other': '{{count}} are suspended and do not work at the moment.',
    features: 'Switched on: {{names}}.',
    noFeatures: 'No feature is switched on.',
    own: 'Your numbers and apps',
    ownEmpty: 'Nothing is assigned to you yet. Ask the administrator of your building.',
    since: 'since {{at}}',
    below: 'Below',
    back: 'Back',
  },
  idle: {
    title: 'Are you still there?',
    text: 'You will be signed out in a minute, because nothing has been done for half an hour.',
    stay: 'Stay signed in',
  },
  self: {
    name: 'Name',
    timeZone: 'Time zone',
    timeZoneHint: 'For dates outside a project, such as Europe/Berlin.',
    changePassword: 'Change the password',
    currentPassword: 'Current password',
    newPassword: 'New password',
    passwordChanged: 'The password is changed. All other sessions have ended.',
    endEverywhere: 'Sign out everywhere',
    end: 'End',
    endedOne: 'The session has ended.',
  },
};
