# Shared by the demonstrations: letters and how they are sent through the REST API of a hub. Sourced, not
# run, after tools/local.sh. Needs $home and $receiver_name.

# api USER:PASSWORD METHOD PATH [curl options]: prints the body, fails when the answer is no success.
api() {
  local who=$1 method=$2 path=$3 status
  shift 3
  status=$(curl -sS --max-time 60 -u "$who" -X "$method" -o "$home/answer" -w '%{http_code}' "$@" "$hub$path")
  case "$status" in
    2??) cat "$home/answer" ;;
    *) die "$method $path answered $status: $(cat "$home/answer")" ;;
  esac
}

# files/brev.pdf and files/arkivmelding.xml, which refers to it.
write_letter() {
  mkdir -p "$home/files"
  local text="Til $receiver_name: vedtak i sak 2026/42" stream
  stream="BT /F1 18 Tf 72 760 Td ($text) Tj ET"
  {
    printf '%%PDF-1.4\n'
    printf '1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n'
    printf '2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj\n'
    printf '3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R '
    printf '/Resources <</Font <</F1 <</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>>>>>>> endobj\n'
    printf '4 0 obj <</Length %d>> stream\n%s\nendstream endobj\ntrailer <</Root 1 0 R>>\n' ${#stream} "$stream"
  } >"$home/files/brev.pdf"
  cat >"$home/files/arkivmelding.xml" <<'XML'
<?xml version="1.0" encoding="utf-8"?>
<arkivmelding xmlns="http://www.arkivverket.no/standarder/noark5/arkivmelding" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <system>Demo</system>
  <meldingId>3380ed76-5d4c-43e7-aa70-8ed8d97e4835</meldingId>
  <tidspunkt>2026-01-15T10:00:00</tidspunkt>
  <antallFiler>1</antallFiler>
  <mappe xsi:type="saksmappe">
    <systemID>43fbe161-7aac-4c9f-a888-d8167aab4144</systemID>
    <tittel>Sak 2026/42</tittel>
    <basisregistrering xsi:type="journalpost">
      <systemID>430a6710-a3d4-4863-8bd0-5eb1021bee45</systemID>
      <dokumentbeskrivelse>
        <tittel>Vedtak</tittel>
        <dokumentobjekt><referanseDokumentfil>brev.pdf</referanseDokumentfil></dokumentobjekt>
      </dokumentbeskrivelse>
      <tittel>Vedtak i sak 2026/42</tittel>
      <offentligTittel>Vedtak i sak 2026/42</offentligTittel>
      <journalpostnummer>7</journalpostnummer>
    </basisregistrering>
  </mappe>
</arkivmelding>
XML
}

document() { # receiver, process, standard, type, business message
  jq -n --arg r "$1" --arg p "$2" --arg s "$3" --arg t "$4" --argjson m "$5" '{
    standardBusinessDocumentHeader: {
      headerVersion: "1.0",
      receiver: [{identifier: {authority: "iso6523-actorid-upis", value: $r}}],
      documentIdentification: {standard: $s, typeVersion: "2.0", type: $t},
      businessScope: {scope: [{type: "ConversationId", identifier: $p}]}},
    ($t): $m}'
}
sbd() { # receiver, process, type, business message
  document "0192:$1" "$2" "urn:no:difi:arkivmelding:xsd::$3" "$3" "$4"
}
id_of() { jq -r .standardBusinessDocumentHeader.documentIdentification.instanceIdentifier; }
upload() { # credentials, message id, file, MIME type, title
  api "$1" PUT "/api/messages/out/$2" --data-binary "@$3" -H "Content-Type: $4" \
    -H "Content-Disposition: attachment; name=\"$5\"; filename=\"$(basename "$3")\"" >/dev/null
}

# The statuses of a message that have not been shown yet, one line each.
declare -A shown
timeline() { # credentials, whose, message id
  local line
  while IFS=$'\t' read -r id at status description; do
    [ -n "$id" ] && [ -z "${shown[$2-$id]:-}" ] || continue
    shown[$2-$id]=1
    line=$(printf '  %s  %-18s %-20s %s' "${at:11:12}" "$2" "$status" "$description")
    printf '%s\n' "${line%"${line##*[! ]}"}"
  done < <(api "$1" GET "/api/statuses/$3?size=50" | jq -r '.content[] | [.id, .lastUpdate, .status, (.description // "")] | @tsv')
}
until_status() { # credentials, whose, message id, status
  for _ in $(seq 300); do
    timeline "$1" "$2" "$3"
    api "$1" GET "/api/statuses/$3?size=50" | jq -e --arg s "$4" 'any(.content[]; .status == $s)' >/dev/null && return 0
    sleep 0.2
  done
  die "$4 did not come for message $3"
}
