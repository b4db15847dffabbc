/** API keys. */
export const keys = {
  'keys.title': 'API keys',
} as const;
