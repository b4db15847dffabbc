/** Lists and items of any resource. */
export const resource = {
  'resource.title': 'Resource',
} as const;
