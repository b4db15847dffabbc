import { describe, expect, it } from 'vitest';
import { scheduleWords, seconds } from './schedule';

// Some versions of Intl put a narrow space before AM.
const plain = (text: string | undefined) => text?.replace(/\u202f/g, ' ');

describe('a schedule in words', () => {
  it.each([
    ['* * * * *', 'Every minute'],
    ['*/1 * * * *', 'Every minute'],
    ['*/5 * * * *', 'Every 5 minutes'],
    ['0 * * * *', 'Every hour'],
    ['15 * * * *', 'Every hour at minute 15'],
    ['0 */6 * * *', 'Every 6 hours'],
    ['10 */6 * * *', 'Every 6 hours at minute 10'],
    ['@hourly', 'Every hour'],
    ['@daily', 'Every day at 12:00 AM'],
    ['30 3 * * *', 'Every day at 3:30 AM'],
    ['0 3,15 * * *', 'Every day at 3:00 AM and 3:00 PM'],
    ['0 9 * * 1-5', 'Monday to Friday at 9:00 AM'],
    ['0 9 * * MON,thu', 'Monday and Thursday at 9:00 AM'],
    ['0 9 * * 7', 'Sunday at 9:00 AM'],
    ['@weekly', 'Sunday at 12:00 AM'],
    ['@monthly', 'On day 1 of every month at 12:00 AM'],
    ['@yearly', 'Every year on January 1 at 12:00 AM'],
    ['0 8 24 DEC *', 'Every year on December 24 at 8:00 AM'],
    ['*/10 9-17 * * 1-5', 'Every 10 minutes from 9:00 AM to 5:59 PM, Monday to Friday'],
    ['0 9-17 * * *', 'Every hour from 9:00 AM to 5:00 PM'],
    ['@every 10m', 'Every 10 minutes'],
    ['@every 1m', 'Every minute'],
    ['@every 1h', 'Every hour'],
    ['@every 36h', 'Every 36 hours'],
    ['@every 1m30s', 'Every 1 min 30 s'],
    ['@every 500ms', 'Every 500 ms'],
  ])('%s is: %s', (schedule, want) => {
    expect(plain(scheduleWords(schedule, 'en-US'))).toBe(want);
  });

  it('follows the language for times', () => {
    expect(scheduleWords('30 15 * * *', 'de')).toBe('Every day at 15:30');
  });

  it.each([
    '7-59/13 2,4 */3 * *',
    '0 9 1,15 * *',
    '0 9 13 * 5',
    '0 0,4,8,12,16,20 * * *',
    '*/5 * 1 * *',
    '* * * *',
    'sometimes',
    '@every',
    '@every soon',
    '@every 0s',
    '',
  ])('%s is left as it is', (schedule) => {
    expect(scheduleWords(schedule, 'en-US')).toBeUndefined();
  });

  it.each([
    ['1h30m', 5400],
    ['250ms', 0.25],
    ['1.5s', 1.5],
    ['nothing', undefined],
  ])('the duration %s has %s seconds', (text, want) => {
    expect(seconds(text)).toBe(want);
  });
});
