/** A schedule.yaml that cannot be used. Its message has a line for each mistake. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
  readonly fault = 'configuration';
  readonly code = 'bad-schedule';
}
