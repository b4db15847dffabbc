/** The audit log. */
export const audit = {
  'audit.when': 'When',
  'audit.who': 'Who',
  'audit.what': 'What',
  'audit.target': 'Target',
  'audit.detail': 'Detail',
  'audit.system': 'system',
  'audit.more': 'Show older entries',
  'audit.empty.title': 'Nothing yet',
  'audit.empty': 'What people change here is listed from now on.',
} as const;
