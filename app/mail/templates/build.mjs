// Compiles every *.mjml of this folder to the *.html beside it. With --check it
// writes nothing and fails when a committed file is not what its source gives.
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import mjml2html from 'mjml'

const folder = dirname(fileURLToPath(import.meta.url))
const check = process.argv.includes('--check')
let stale = 0

// What the templates share lies in parts/, and is put in as text, because a part may
// be some lines of a style. It must not name parts itself.
const parts = {}
for (const name of await readdir(join(folder, 'parts'))) parts[`parts/${name}`] = await readFile(join(folder, 'parts', name), 'utf8')
const whole = (source) => source.replace(/<mj-include path="([^"]+)" \/>/g, (tag, path) => {
  if (!parts[path]) throw new Error(`${tag}: there is no such part`)
  return parts[path]
})

for (const name of (await readdir(folder)).filter((f) => f.endsWith('.mjml')).sort()) {
  const source = whole(await readFile(join(folder, name), 'utf8'))
  // Liquid stands where MJML wants colours and sizes, so its validation cannot help.
  const { html, errors } = await mjml2html(source, { validationLevel: 'skip', minify: false, beautify: false, keepComments: true, fonts: {} })
  if (errors.length) throw new Error(`${name}: ${errors.map((e) => e.formattedMessage).join('; ')}`)
  // Whitespace between tags carries nothing here and counts towards the size at
  // which mail programs cut a mail off.
  const compact =
    html
      .replace(/[ \t]*\n[ \t\n]*/g, '\n')
      .replace(/>\n+</g, '><')
      .replace(/%}\n+/g, '%}')
      .replace(/\n+{%/g, '{%')
      .trim() + '\n'
  const target = join(folder, name.replace(/mjml$/, 'html'))
  const committed = await readFile(target, 'utf8').catch(() => '')
  if (committed === compact) continue
  if (check) {
    stale++
    console.error(`${name}: the committed HTML differs; run npm run build in app/mail/templates`)
  } else {
    await writeFile(target, compact)
    console.log(`${name}: ${compact.length} bytes`)
  }
}
process.exit(stale ? 1 : 0)
