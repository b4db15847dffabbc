/** The command palette. */
export const palette = {
  'find.placeholder': 'Screen or module',
  'find.results': 'Places',
  'find.screen': 'Screen',
  'find.module': 'Module',
  'find.settings': '{title} settings',
  'find.none': 'Nothing has that name.',
  'find.count': { one: '{count} place', other: '{count} places' },
} as const;
