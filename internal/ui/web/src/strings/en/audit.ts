/** The audit log. */
export const audit = {
  'audit.when': 'When',
  'audit.actor': 'Who',
  'audit.action': 'What',
  'audit.target': 'Target',
  'audit.detail': 'Detail',
  'audit.filters': 'Filters',
  'audit.about': 'Choose a value in a row to see only entries with it.',
  'audit.only': 'Only entries with this',
  'audit.all': 'Remove the filter {name}',
  'audit.none': 'No entry has all of this.',
  'audit.system': 'system',
  'audit.more': 'Show older entries',
  'audit.empty.title': 'Nothing yet',
  'audit.empty': 'What people change here is listed from now on.',
} as const;
