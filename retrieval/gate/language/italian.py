"""Italian."""

from __future__ import annotations

from retrieval.gate.language.base import language, listed

_SMALL = listed(
    "due tre quattro cinque sei sette otto nove dieci undici dodici tredici quattordici quindici sedici diciassette "
    "diciotto diciannove"
)
_TENS = listed("venti trenta quaranta cinquanta sessanta settanta ottanta novanta")
_NUMBERS = {
    **dict(enumerate(_SMALL, 2)),
    **{10 * n: ten for n, ten in enumerate(_TENS, 2)},
    # Before "uno" and "otto" the last vowel falls: "trentuno", "trentotto".
    **{
        10 * n + m: f"{ten[:-1] if one[0] in 'uo' else ten}{one}"
        for n, ten in enumerate(_TENS, 2)
        for m, one in enumerate(["uno", *_SMALL[:8]], 1)
    },
    100: "cento",
    **{100 * n: f"{one}cento" for n, one in enumerate(_SMALL[:8], 2)},
    1000: "mille|mila",
}

ITALIAN = language(
    "it",
    "Italian",
    common="""il lo la i gli le un uno una del della dei delle degli dal dalla al alla ai alle nel nella di da e o
    che non si sono con per su tra fra ogni questo questa questi queste suo sua loro come piu meno tutti
    tutte tutto puo possono deve devono dovra essere avere ha hanno entro almeno massimo senza giorno
    giorni mese mesi anno anni notte settimana settimane ore sezione articolo societa contratto
    dipendenti dipendente cliente costa costano e'""",
    months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    numbers=_NUMBERS,
    one="un|una|uno",
    joins="ed|ma|oppure",
    terms="""
    business days = giorn[oi]_lavorativ[oi] giorn[oi]_ferial[ei]
    calendar days = giorn[oi]_di_calendario giorn[oi]_solar[ei]
    days = giorno giorni
    nights = notte notti
    hours = ora ore
    minutes = minuto minuti
    weeks = settimana settimane
    months = mese mesi
    quarter = trimestre trimestri
    half = semestre semestri
    years = anno anni
    percentage points = punt[oi]_percentual[ei]
    percent = per_cento percento
    basis points = punt[oi]_base
    million = milione milioni
    billion = miliardo miliardi
    trillion = bilione bilioni
    euros = euro
    dollars = dollaro dollari
    pounds = sterlina sterline
    francs = franco franchi
    yen = yen
    times = volte
    section = sezione sezioni paragrafo paragrafi comma punto
    article = articolo articoli
    clause = clausola clausole
    chapter = capitolo capitoli
    annex = allegato allegati
    page = pagina pagine
    table = tabella
    first = primo prima
    second = secondo seconda
    third = terzo terza
    fourth = quarto quarta
    """,
    marks={
        "": """
        non solo
        senza (indugio|ritardo|pregiudizio)
        """,
        "most": """
        non (deve|devono|puo|possono|dovra|dovranno) _ (superare|eccedere|oltrepassare)
        non (deve|devono|puo|possono|dovra|dovranno) _ piu (di|del)#
        non (supera|superano|eccede|eccedono|superi|superino)
        non (piu|oltre) (di|tardi|le|il)
        al massimo|massim[oaie] di|massim[oaie]|al piu tardi|al piu
        (entro|entro e non oltre|fino a)#
        (meno di|inferior\\w* a|sotto i|limitat\\w* a|nei limiti di)#
        """,
        "least": """
        non meno di
        almeno|come minimo|minim[oaie] di|minim[oaie]
        (piu di|piu del|oltre|superior\\w* a|al di sopra di|super\\w*|ecced\\w*|a partire da)#
        """,
        "exempt": """
        non (e|sono|sara|saranno) _ (tenut\\w*|obbligat\\w*|necessari\\w*|richiest\\w*|obbligatori\\w*)
        non (occorre|occorrono|serve|servono|bisogna|necessita\\w*|richied\\w*)
        non (ha|hanno) (bisogno|l'obbligo|obbligo)
        nessun\\w* _ (e|sono) _ (richiest\\w*|necessari\\w*|obbligatori\\w*)
        esent\\w*|esoner\\w*|dispensat\\w*|facoltativ\\w*|opzional\\w*
        """,
        "only": """
        solo|soltanto|solamente|unicamente|esclusivamente
        a condizione (che|di)|purche
        """,
        "except": """
        salvo|tranne|eccetto|fatta eccezione|ad eccezione|a meno che( non)?|esclus\\w*
        senza _ (consenso|autorizzazione|l'autorizzazione|approvazione|l'approvazione|permesso)
        ma non
        """,
        "forbid": """
        non (si )?(deve|devono|dovra|dovranno|puo|possono|potra|potranno|dovrebbe|dovrebbero|potrebbe|potrebbero)
        non (e|sono) _ (consentit\\w*|permess\\w*|ammess\\w*|autorizzat\\w*)
        (nessun\\w*) _ (puo|possono|deve|devono)
        viet\\w*|proibi\\w*|divieto
        """,
        "advise": """
        dovrebbe|dovrebbero|raccomand\\w*|consigliat\\w*|consiglia
        """,
        "oblige": """
        deve|devono|dovra|dovranno|tenut\\w*|obblig\\w*|richiest\\w*|richied\\w*|necessari\\w*|necessit\\w*|occorre
        """,
        "permit": """
        puo|possono|potra|potranno|consentit\\w*|consente|permess[oaie]|ammess\\w*|autorizzat\\w*|diritto
        """,
        "not": """
        non _ (nessun\\w*|mai|niente|nulla)
        ne _ ne
        non|nessun\\w*|mai|niente|senza|neppure|nemmeno
        """,
    },
)
