// What the connect pages do beyond plain HTML, without which they work as well: they speak with the app that embeds
// them, open the external app in a window of its own where it refuses frames, and say what is going on.
'use strict'
{
  const find = (selector) => document.querySelector(selector)
  const card = find('main')
  const { dataset } = card
  const isFramed = window.parent !== window
  const message = JSON.parse(find('#message')?.textContent ?? 'null')
  /** How often a page that waits for another window asks how far that is, in milliseconds. */
  const rhythm = 700

  // Neither code nor state stay in the address, or where the back button leads.
  if ('forget' in dataset && location.search) history.replaceState(null, '', `${location.pathname}?over`)

  // On the way to a page that is asked for with a pass.
  if ('relay' in dataset) find('form').submit()

  const { pass } = dataset
  const asksPlainly = pass === undefined
  if (!asksPlainly) {
    // No cookie is kept here, so each request has the pass in its body, and links are forms.
    addEventListener('click', (event) => {
      const link = event.target.closest('a[href^="?"]')
      if (!link) return
      event.preventDefault()
      renew(link.search)
    })
  }

  const hidden = (name, value) => Object.assign(document.createElement('input'), { type: 'hidden', name, value })

  /** Shows this visit's page as it is now. */
  function renew(query = '') {
    if (asksPlainly) return location.replace(location.pathname + query)
    const form = Object.assign(document.createElement('form'), { method: 'post', action: location.pathname + query })
    for (const [name, value] of [['show', '1'], ['pass', pass]]) form.append(hidden(name, value))
    document.body.append(form)
    form.submit()
  }

  /** Asks how far the visit is. */
  const progress = () => fetch(dataset.progress, asksPlainly ? {} : { method: 'POST', body: new URLSearchParams({ pass }) })

  // The summary of what is wrong: browsers do not focus by themselves in frames.
  if (isFramed) find('.summary')?.focus()

  if (message) {
    // Whoever began knows by `requestId` that it is theirs; the message holds no secret.
    // The page of ours that opened this one hears it too.
    const targets = dataset.targets === '*' ? ['*'] : [...dataset.targets.split(' ').filter(Boolean), location.origin]
    for (const origin of targets) window.opener?.postMessage(message, origin)
    // Our policy says who may frame this page.
    if (isFramed) window.parent.postMessage(message, '*')
  }
  if (window.opener && ('closes' in dataset || message?.type === 'newConnectionCreated')) window.close()

  if (isFramed && window.Penpal && !('relay' in dataset)) Penpal.connectToParent().promise.then(embedded, () => {})

  /** The embedding page speaks penpal: its methods are `app`'s. */
  async function embedded(app) {
    app.handshake?.()
    for (const button of document.querySelectorAll('[data-close]')) {
      button.hidden = false
      // Who waits for this attempt is told first, and the page that follows closes.
      const cancel = find('[name=cancel]')
      button.onclick = () => (cancel ? cancel.click() : app.close?.())
    }
    if (message?.type === 'newConnectionCreated') await app.onSuccess?.(message.connection)
    if ('closes' in dataset || message?.type === 'newConnectionCreated') app.close?.()
  }

  const status = find('[data-status]')
  const say = (text) => {
    if (status) status.textContent = text ?? ''
  }

  let isBusy = false
  const busy = (is) => {
    isBusy = is
    card.toggleAttribute('aria-busy', is)
    for (const button of document.querySelectorAll('form button')) button.setAttribute('aria-disabled', is)
  }

  addEventListener('submit', (event) => {
    const { target: form, submitter } = event
    if (isBusy) return event.preventDefault()
    if (submitter?.dataset.row !== undefined) return void changeRows(event, submitter)
    if ('away' in form.dataset && isFramed && !submitter?.name) return void openWindow(event, form)
    if (dataset.progress === undefined) return busy(true)
    event.preventDefault()
    void submit(form, submitter)
  })

  // A page that the back button shows again is not busy any longer, and may be about what is over.
  addEventListener('pageshow', ({ persisted }) => {
    busy(false)
    say()
    if (persisted && dataset.progress !== undefined) void look()
  })

  /** Shows the page anew if there is something new, and says whether there is. */
  async function look() {
    const version = await progress().then((answer) => answer.text(), () => undefined)
    const isOld = version !== undefined && version !== dataset.version
    if (isOld) renew()
    return isOld
  }

  /** Submits if the network is there, or else nothing of what was typed is lost. */
  async function submit(form, submitter) {
    busy(true)
    if (!submitter?.name) say(dataset.busy)
    try {
      await progress()
    } catch {
      busy(false)
      return say(dataset.offline)
    }
    if (submitter?.formTarget) form.target = submitter.formTarget
    if (submitter?.name) form.append(hidden(submitter.name, submitter.value))
    form.submit()
  }

  // Numbers of rows that the server gave are smaller.
  let added = 1000
  /** Adds a row to a list, or takes one away. */
  function changeRows(event, button) {
    event.preventDefault()
    const { row: marker } = button.dataset
    const group = button.closest('.group')
    const list = group.querySelector(':scope > .rows')
    if (marker) {
      const number = added++
      list.insertAdjacentHTML('beforeend', group.querySelector(':scope > template').innerHTML
        .replaceAll(new RegExp(`\\b${marker}\\b`, 'g'), number)
        // The template has these ids.
        .replaceAll(/ (?:id|for|list|aria-describedby)="[^"]*/g, (attribute) => attribute.replaceAll(/\bf\d+/g, (id) => `${id}r${number}`)))
      list.lastElementChild.querySelector('input, select, textarea')?.focus()
    } else {
      button.closest('.row').remove()
      group.querySelector(':scope > [data-row]').focus()
    }
    for (const [index, row] of [...list.children].entries())
      for (const shown of row.querySelectorAll(':scope > legend > [data-number], :scope > button > [data-number]')) shown.textContent = index + 1
  }

  let opened
  let opensPlainly = false

  /** Goes on in another window. Where the browser opens none, a button does, and no script. */
  function openWindow(event, form) {
    if (opensPlainly) return wait()
    const { screen } = window
    const [width, height] = [Math.min(screen.availWidth * 0.7, 1000), Math.min(screen.availHeight * 0.7, 800)]
    opened = window.open('', 'authbridge-connect', `popup,width=${Math.round(width)},height=${Math.round(height)}`)
    if (opened) {
      form.target = 'authbridge-connect'
      return wait()
    }
    event.preventDefault()
    opensPlainly = true
    form.target = '_blank'
    show('[data-blocked]')
  }

  function show(selector) {
    for (const panel of document.querySelectorAll('[data-waiting], [data-blocked]')) panel.hidden = !selector || !panel.matches(selector)
  }

  let waiting
  /** Waits until the other window is done, or gone. */
  function wait() {
    show('[data-waiting]')
    clearTimeout(waiting)
    const again = async () => {
      // Closed, or cut off from us by the external app.
      const isGone = opened?.closed
      if (await look()) return
      if (isGone) show()
      waiting = setTimeout(again, isGone ? 4 * rhythm : rhythm)
    }
    waiting = setTimeout(again, rhythm)
  }
  // It says when it is done, unless the external app cut it off from us.
  addEventListener('message', ({ source, origin }) => {
    if (opened && source === opened && origin === location.origin) renew()
  })

  // Lists with a search field.
  const search = find('[data-search]')
  search?.addEventListener('input', () => {
    const wanted = search.value.trim().toLowerCase()
    for (const item of document.querySelectorAll('[data-name]')) item.hidden = !item.dataset.name.includes(wanted)
    const none = find('[data-none]')
    if (none) none.hidden = !!find('[data-name]:not([hidden])')
  })
}
