"""German."""

from __future__ import annotations

from retrieval.gate.language.base import language, listed

_ONES = listed("ein zwei drei vier funf sechs sieben acht neun")
_TENS = listed("zwanzig dreissig vierzig funfzig sechzig siebzig achtzig neunzig")
_NUMBERS = {
    **dict(
        enumerate(
            listed(
                "zwei drei vier funf sechs sieben acht neun zehn elf zwolf dreizehn vierzehn funfzehn sechzehn "
                "siebzehn achtzehn neunzehn"
            ),
            2,
        )
    ),
    **{10 * n: ten for n, ten in enumerate(_TENS, 2)},
    **{10 * n + m: f"{one}und{ten}" for n, ten in enumerate(_TENS, 2) for m, one in enumerate(_ONES, 1)},
    100: "hundert|einhundert",
    **{100 * n: f"{one}hundert" for n, one in enumerate(_ONES[1:], 2)},
    1000: "tausend|eintausend",
}

GERMAN = language(
    "de",
    "German",
    nouns=True,
    common="""um umsatz betrug stieg sank der die das den dem des ein eine einer einem einen eines und oder nicht
    kein keine keinen keiner mit von vom zu zum zur im in am auf aus bei fur uber unter nach vor durch
    ist sind war werden wird wurde wurden hat haben muss mussen darf durfen kann konnen soll sollen
    sollte sich auch als wie wenn dass nur bis pro je jede jeder jedes alle mehr weniger hochstens
    mindestens innerhalb sowie ohne gegen ihre ihr seine sein es er sie diese dieser dieses dies tag
    tage tagen monat monate monaten jahr jahre jahren nacht woche wochen stunden abschnitt kosten
    betragt gilt gelten mitarbeiter kunde kunden unternehmen vertrag zustimmung genehmigung prozent""",
    months="januar februar marz april mai juni juli august september oktober november dezember",
    numbers=_NUMBERS,
    one="ein|eine|einen|einem|einer|eines",
    joins="und|oder|aber|sowie",
    terms="""
    business days = werktage?n? arbeitstage?n? geschaftstage?n? bankarbeitstage?n?
    calendar days = kalendertage?n?
    days = tag tage tagen tages urlaubstage?n? krankheitstage?n? reisetage?n?
    nights = nacht nachte nachten ubernachtung ubernachtungen
    hours = stunde stunden
    minutes = minute minuten
    weeks = woche wochen
    months = monat monate monaten monats kalendermonate?n?
    quarter = quartal quartals
    half = halbjahr halbjahrs
    years = jahr jahre jahren jahres kalenderjahre?n? geschaftsjahre?n?
    percentage points = prozentpunkte?n?
    percent = prozent vom_hundert v\\.\\s?h\\.
    basis points = basispunkte?n?
    million = million millionen mio\\.? mill\\.
    billion = milliarde milliarden mrd\\.?
    trillion = billion billionen
    euros = euro euros
    dollars = dollar dollars us-dollar us-dollars
    pounds = pfund
    francs = franken
    yen = yen
    times = mal -fache
    section = abschnitt abschnitte abschnitts abschnitten ziffer ziffern absatz abs\\.
    article = artikel artikels
    clause = klausel klauseln
    chapter = kapitel
    annex = anhang anlage
    page = seite seiten
    table = tabelle
    first = erste ersten erstes erster
    second = zweite zweiten zweites zweiter
    third = dritte dritten drittes dritter
    fourth = vierte vierten viertes vierter
    """,
    marks={
        "": """
        nicht nur
        nicht zuletzt
        ohne (verzug|verzogerung|weiteres)
        """,
        "most": """
        (darf|durfen|soll|sollen|kann|konnen) _ (nicht|nie|niemals) (uberschreiten|ubersteigen)
        (nicht|nie|niemals) (uberschreiten|ubersteigen)
        (uberschreite\\w*|ubersteig\\w*) _ (nicht|nie)
        (darf|durfen|soll|sollen|kann|konnen) _ (nicht|keine?|nie|niemals) (mehr|langer|spater|hoher|grosser) als
        (nicht|keine?r?) (mehr|langer|spater|hoher|grosser) als
        begrenzt|beschrankt
        hochstens|maximal|langstens|spatestens|allenfalls|hochstbetrag von|maximum von
        bis zu#
        (unter|weniger als|innerhalb|innerhalb von|binnen|begrenzt auf|beschrankt auf)#
        innerhalb einer frist von
        """,
        "least": """
        (nicht|kein) (weniger|fruher|kurzer|niedriger|geringer) als
        mindestens|wenigstens|zumindest
        (uber|mehr als|oberhalb von|langer als|hoher als|im wert von uber|ab)#
        (uberschreite\\w*|ubersteig\\w*)
        """,
        "exempt": """
        (muss|mussen|braucht|brauchen|benotigt|benotigen|bedarf|bedurfen) _ (nicht|keine?[nrsm]?)
        (nicht|keine?[nrsm]?) _ (erforderlich|notwendig|notig|verpflichtet|vorgeschrieben)
        keine?[nrsm]? _ (pflicht|verpflichtung)
        befreit|freigestellt|optional|freiwillig
        """,
        "only": """
        nur|ausschliesslich|lediglich
        (unter der|mit der) (voraussetzung|bedingung|massgabe)
        vorausgesetzt
        """,
        "except": """
        es sei denn
        (sofern|soweit|falls) _ (nicht|keine?[nrsm]?)
        ausser|ausgenommen|abgesehen von|mit ausnahme|ausgeschlossen
        ohne _ (zustimmung|genehmigung|einwilligung|erlaubnis|freigabe|vereinbarung)
        (aber|jedoch) nicht|nicht (aber|jedoch)
        """,
        "forbid": """
        (darf|durfen|kann|konnen|soll|sollen|sollte|sollten) _ (nicht|keine?[nrsm]?|nie|niemals|nichts)
        (keine?[nrsm]?|niemand|nie|niemals) _ (darf|durfen|kann|konnen)
        (nicht|keine?[nrsm]?) _ (gestattet|erlaubt|zulassig|berechtigt|befugt)
        verboten|untersagt|unzulassig|verbiete\\w*|untersagen|verbot
        """,
        "advise": """
        soll|sollen|sollte|sollten|empfohlen|empfiehlt|empfehlen|ratsam
        """,
        "oblige": """
        muss|mussen|verpflichtet|verpflichtung|pflicht|erforderlich|notwendig|vorgeschrieben|zwingend|obligatorisch
        benotigt|benotigen|braucht|brauchen|bedarf|bedurfen|erfordert|erfordern|verlangt
        (hat|haben|ist|sind) _ (zu \\w+e?n|\\w+zu\\w+e?n)
        """,
        "permit": """
        darf|durfen|kann|konnen|gestattet|erlaubt|zulassig|berechtigt|befugt|anspruch
        """,
        "not": """
        weder _ noch
        nicht|nichts|keine?[nrsm]?|nie|niemals|niemand|weder|ohne
        """,
    },
)
