// What happened lately: refreshes by their end, as charts and as a table.

const kinds = {
  refreshes: ['Refreshes', 'A token was exchanged.', 'good'],
  retries: ['Retries', 'A token was repeated within its overlap.', 'accent'],
  reuses: ['Reuses', 'A superseded token ended its session.', 'bad'],
  refusals: ['Refusals', 'Expired, deleted, forged and so on.', 'warm'],
  failures: ['Failures', 'The service itself, its table or its keys.', 'bad'],
};

views.activity = { title: 'Activity', async open(alive) {
  const hours = element('select', { 'aria-label': 'Span' }, [['3', 'Last 3 hours'], ['12', 'Last 12 hours'], ['24', 'Last 24 hours']]
    .map(([value, text]) => element('option', { value }, text)));
  const charts = element('div', { class: 'charts' });
  const span = element('p', { class: 'muted', role: 'status' }, 'Reading.');
  const figures = element('details', { class: 'card figures' });
  const read = async () => {
    const told = await call('activity', { hours: hours.value });
    if (!alive()) return;
    hours.hidden = told.started;
    span.textContent = (told.started ? 'Since the service started, ' : 'Since ') + clock(told.since) +
      '. A bar is ' + spell(told.seconds) + '. All tenants.';
    charts.replaceChildren(...told.series.map((one) => chart(one, told)));
    figures.replaceChildren(element('summary', {}, 'The figures as a table'), figureTable(told));
  };
  show('Activity', element('div', { class: 'tools' }, span, hours, button('Read again', { class: 'plain' }, read)), charts, figures);
  hours.addEventListener('change', () => read().catch((failure) => span.replaceChildren(wrong(failure))));
  await read();
} };

const slotTime = (told, i) => new Date(Date.parse(told.since) + i * told.seconds * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

/** Bars over time. Whoever does not see them hears the sum and the peak, and has the table. */
function chart({ name, values }, told) {
  const [title, about, color] = kinds[name];
  const before = Math.max(0, 24 - values.length); // slots before the service started
  values = [...Array(before).fill(0), ...values];
  const when = (i) => slotTime(told, i - before);
  const sum = values.reduce((a, b) => a + b, 0), peak = Math.max(...values, 0), top = Math.max(peak, 1);
  const width = 100 / values.length;
  const bars = values.map((n, i) => ['rect', { x: i * width + width * 0.1, width: width * 0.8, y: 40 - 38 * n / top, height: 38 * n / top },
    ['title', {}, when(i) + ': ' + n]]);
  const label = title + ': ' + sum + ' in all, at most ' + peak + ' in ' + spell(told.seconds) +
    (peak ? ', at ' + when(values.indexOf(peak)) : '');
  return element('figure', { class: 'card chart ' + color },
    element('figcaption', {}, element('h2', {}, title), element('strong', { class: 'sum' }, sum.toLocaleString()), element('span', { class: 'muted' }, about)),
    svg(['svg', { viewBox: '0 0 100 40', preserveAspectRatio: 'none', role: 'img', 'aria-label': label },
      ['path', { d: 'M0 40h100', class: 'base' }], ...bars]),
    element('p', { class: 'axis muted', 'aria-hidden': 'true' }, element('span', {}, when(0)), element('span', {}, 'peak ' + peak),
      element('span', {}, when(values.length))));
}

function figureTable(told) {
  const head = ['From', ...told.series.map((one) => kinds[one.name][0])];
  const rows = told.series[0].values.map((_, i) => element('tr', {}, element('th', { scope: 'row' }, slotTime(told, i)),
    told.series.map((one) => element('td', {}, String(one.values[i])))));
  return element('table', {}, element('thead', {}, element('tr', {}, head.map((text) => element('th', { scope: 'col' }, text)))),
    element('tbody', {}, rows));
}
enter();
