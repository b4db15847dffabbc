export const setup = {
  'setup.title': 'Welcome to {title}',
  'setup.lead': 'Create the first account. It owns this dashboard.',
  'setup.no-token': 'Open the set-up link that the server printed when it started, or enter its token here.',
  'setup.token': 'Set-up token',
  'setup.token.hint': 'The part of the link after #.',
  'setup.password.hint': 'A long sentence beats a short riddle.',
  'setup.create': 'Create account',
  'setup.busy': 'Creating account…',
  'setup.refused.title': 'The set-up link no longer works',
  'setup.refused': 'It may have been used or have expired. Restart the server to get a new one.',
} as const;
