/** The command palette. */
export const palette = {
  'find.placeholder': 'Screen, module, panel or action',
  'find.results': 'Results',
  'find.screen': 'Screen',
  'find.module': 'Module',
  'find.table': 'Table',
  'find.panel': 'Panel',
  'find.action': 'Action',
  'find.settings': '{title} settings',
  'find.theme': 'Theme: {name}',
  'find.language': 'Language: {name}',
  'find.none': 'Nothing has that name.',
  'find.count': { one: '{count} result', other: '{count} results' },
} as const;
