/** A person’s own account. */
export const account = {
  'sessions.lead': 'Where you are signed in. End those you do not know.',
  'sessions.this': 'This one',
  'sessions.used': 'used',
  'sessions.since': 'signed in',
  'sessions.end': 'End',
  'sessions.end.of': 'End the session of {device}',
  'sessions.end.this': 'Sign out here',
  'sessions.ended': 'Session ended.',
  'sessions.ask': 'End this session?',
  'sessions.ask.this': 'Sign out here?',
  'sessions.ask.about': '{device}, {address}. Whoever uses it has to sign in again.',
  device: '{browser} on {system}',
  'device.unknown': 'Unknown client',
} as const;
