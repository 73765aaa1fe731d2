"""Dutch."""

from __future__ import annotations

from retrieval.gate.language.base import language, listed

_ONES = listed("een twee drie vier vijf zes zeven acht negen")
_TENS = listed("twintig dertig veertig vijftig zestig zeventig tachtig negentig")
_NUMBERS = {
    **dict(
        enumerate(
            listed(
                "twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien "
                "achttien negentien"
            ),
            2,
        )
    ),
    **{10 * n: ten for n, ten in enumerate(_TENS, 2)},
    **{10 * n + m: f"{one}en{ten}" for n, ten in enumerate(_TENS, 2) for m, one in enumerate(_ONES, 1)},
    100: "honderd",
    **{100 * n: f"{one}honderd" for n, one in enumerate(_ONES[1:], 2)},
    1000: "duizend",
}

DUTCH = language(
    "nl",
    "Dutch",
    common="""de het een en of niet geen met van voor op in aan bij uit over onder tot door naar om te is zijn was
    worden wordt werd heeft hebben moet moeten mag mogen kan kunnen zal zullen dit dat deze die er als
    dan ook alleen per elke elk alle meer minder hoogstens binnen zonder tegen hun haar zich wel tenzij
    dag dagen maand maanden jaar jaren nacht week weken uur artikel bedrijf overeenkomst werknemers
    werknemer medewerkers klant kost kosten procent toestemming""",
    months="januari februari maart april mei juni juli augustus september oktober november december",
    numbers=_NUMBERS,
    one="een",
    joins="maar|of",
    terms="""
    business days = werkdag werkdagen
    calendar days = kalenderdag kalenderdagen
    days = dag dagen
    nights = nacht nachten
    hours = uur uren
    minutes = minuut minuten
    weeks = week weken
    months = maand maanden
    quarter = kwartaal
    half = halfjaar
    years = jaar jaren kalenderjaar kalenderjaren boekjaar boekjaren
    percentage points = procentpunt procentpunten
    percent = procent
    basis points = basispunt basispunten
    million = miljoen mln\\.?
    billion = miljard mld\\.?
    trillion = biljoen
    euros = euro euro's
    dollars = dollar dollars
    pounds = pond
    francs = frank
    yen = yen
    times = keer maal
    section = sectie paragraaf lid
    article = artikel artikelen
    clause = clausule clausules
    chapter = hoofdstuk
    annex = bijlage bijlagen
    page = pagina pagina's bladzijde
    table = tabel
    first = eerste
    second = tweede
    third = derde
    fourth = vierde
    """,
    marks={
        "": """
        niet alleen
        zonder (vertraging|uitstel)
        """,
        "most": """
        (mag|mogen|kan|kunnen|zal|zullen) _ (niet|nooit) (overschrijden|te boven gaan|overtreffen)
        (mag|mogen|kan|kunnen|moet|moeten) _ (niet|geen|nooit) (meer|langer|later|hoger) (zijn )?dan
        niet overschrijden
        (overschrijdt|overschrijden) _ niet
        niet (meer|langer|later|hoger) dan
        hoogstens|ten hoogste|maximaal|uiterlijk|maximum van|maximum
        (tot|minder dan|onder|binnen|beperkt tot)#
        """,
        "least": """
        niet (minder|eerder|korter|lager) dan
        minstens|ten minste|tenminste|minimaal|minimum van|minimum
        (meer dan|boven|langer dan|hoger dan|vanaf)#
        overschrijd\\w*
        """,
        "exempt": """
        (hoeft|hoeven|behoeft|behoeven) _ (niet|geen)
        (niet|geen) _ (verplicht|vereist|nodig|noodzakelijk)
        geen _ (verplichting|plicht)
        vrijgesteld|facultatief|optioneel
        """,
        "only": """
        alleen|slechts|uitsluitend|enkel
        op voorwaarde dat|mits
        """,
        "except": """
        tenzij|behalve|behoudens|met uitzondering|uitgezonderd
        zonder _ (toestemming|goedkeuring|instemming)
        maar niet
        """,
        "forbid": """
        (zou|zouden) _ (niet|geen|nooit) moeten
        (mag|mogen|kan|kunnen|moet|moeten|zou|zouden) _ (niet|geen|nooit|niets)
        (geen|niemand) _ (mag|mogen|kan|kunnen)
        (niet|geen) _ (toegestaan|geoorloofd|bevoegd|toegelaten|gerechtigd)
        verboden|verbod|verbiedt|verbieden
        """,
        "advise": """
        (zou|zouden) _ moeten
        aanbevolen|aanbeveelt|raadzaam|geadviseerd
        """,
        "oblige": """
        moet|moeten|dient|dienen|verplicht\\w*|vereist\\w*|vereisen|nodig|noodzakelijk
        """,
        "permit": """
        mag|mogen|kan|kunnen|toegestaan|bevoegd|gerechtigd|recht op
        """,
        "not": """
        noch _ noch
        niet|geen|nooit|niemand|niets|noch|zonder
        """,
    },
)
