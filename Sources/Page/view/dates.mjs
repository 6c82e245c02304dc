// Dates and times in the language of the page.

let formats = null

/** How the page writes moments: `format` with the time of day, `day` without, both for people. */
export function datesIn(language) {
  if (formats?.language !== language) {
    formats = {
      language,
      format: new Intl.DateTimeFormat(language, { dateStyle: 'short', timeStyle: 'short' }),
      full: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }),
      day: new Intl.DateTimeFormat(language, { dateStyle: 'medium' }),
    }
  }
  return formats
}

/** Shows a moment in a `time` element. */
export function setMoment(element, time, language) {
  const { format, full } = datesIn(language)
  const moment = new Date(time)
  element.dateTime = time
  element.title = full.format(moment)
  const text = format.format(moment)
  if (element.textContent !== text) element.textContent = text
}
