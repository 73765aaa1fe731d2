"""Spanish."""

from __future__ import annotations

from retrieval.gate.language.base import language, listed

_SMALL = listed(
    "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete dieciocho "
    "diecinueve veinte veintiuno veintidos veintitres veinticuatro veinticinco veintiseis veintisiete veintiocho "
    "veintinueve"
)
_TENS = listed("treinta cuarenta cincuenta sesenta setenta ochenta noventa")
_HUNDREDS = listed("doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos")
_NUMBERS = {
    **dict(enumerate(_SMALL, 2)),
    **{10 * n: ten for n, ten in enumerate(_TENS, 3)},
    **{10 * n + m: f"{ten} y {one}" for n, ten in enumerate(_TENS, 3) for m, one in enumerate(["un", *_SMALL[:8]], 1)},
    100: "cien|ciento",
    **{100 * n: f"{name}|{name[:-2]}as" for n, name in enumerate(_HUNDREDS, 2)},
    1000: "mil",
}

SPANISH = language(
    "es",
    "Spanish",
    common="""fue fueron era eran desde antes el la los las un una unos unas del de al y o es son no se que en por
    para con sin sobre entre cada este esta estos estas su sus lo le les como mas menos todo todos toda
    todas ningun ninguna puede pueden debe deben debera deberan sera seran ser han ha hasta dias dia mes
    meses ano anos noche semana semanas horas seccion articulo empresa contrato empleados empleado
    cliente cuesta cuestan maximo minimo""",
    months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    numbers=_NUMBERS,
    one="un|una",
    joins="y|pero",
    terms="""
    business days = dias?_habiles? dias?_laborables?
    calendar days = dias?_naturales?
    days = dia dias
    nights = noche noches
    hours = hora horas
    minutes = minuto minutos
    weeks = semana semanas
    months = mes meses
    quarter = trimestre trimestres
    half = semestre semestres
    years = ano anos
    percentage points = puntos?_porcentuales?
    percent = por_ciento
    basis points = puntos?_basicos?
    billion = mil_millones
    million = millon millones
    trillion = billon billones
    euros = euro euros
    dollars = dolar dolares
    pounds = libra libras libras_esterlinas
    francs = franco francos
    yen = yen yenes
    times = veces
    section = seccion secciones apartado apartados parrafo
    article = articulo articulos
    clause = clausula clausulas
    chapter = capitulo capitulos
    annex = anexo anexos
    page = pagina paginas
    table = tabla
    first = primer primero primera
    second = segundo segunda
    third = tercer tercero tercera
    fourth = cuarto cuarta
    """,
    marks={
        "": """
        no solo
        no obstante
        sin (demora|dilacion|perjuicio)
        """,
        "most": """
        (no|nunca) (se )?(deben?|pueden?|podran?|deberan?) _ (superar|exceder|sobrepasar)
        no (se )?(deben?|pueden?|podran?|deberan?) _ (mas del?|mas de los)#
        no (supera|superan|excede|exceden|supere|superen|exceda|excedan)
        no mas (de|tarde de|tarde del|tarde)
        como maximo|maxim[oa]s? de|maxim[oa]s?|a lo sumo|a mas tardar
        (hasta|menos de|inferior\\w* a|por debajo de|dentro de)#
        (dentro de los|dentro de las|en las|en un plazo de|en el plazo de|limitad\\w* a)#
        """,
        "least": """
        no menos de
        al menos|por lo menos|como minimo|minim[oa]s? de|minim[oa]s?
        (mas del?|superior\\w* a|por encima del?|superen?|superan?|exced\\w*|a partir de)#
        """,
        "exempt": """
        no (esta|estan|estara|estaran) _ (obligad\\w*|sujet\\w*)
        no (es|sera|son|seran) _ (necesari\\w*|obligatori\\w*|requerid\\w*|precis\\w*)
        no (tiene|tienen|tendra|tendran) (que|obligacion|la obligacion)
        no (se )?(necesit\\w*|requier\\w*|precis\\w*|exig\\w*)
        exent\\w*|exim\\w*|opcional\\w*|facultativ\\w*
        """,
        "only": """
        solo|solamente|unicamente|exclusivamente
        siempre que|a condicion de|con la condicion
        """,
        "except": """
        salvo|excepto|a menos que|a excepcion|con excepcion|excluid\\w*
        sin _ (consentimiento|autorizacion|aprobacion|permiso|acuerdo)
        pero no
        """,
        "forbid": """
        no (se )?(deben?|pueden?|podran?|deberan?|deberian?|podrian?|deba|deban)
        no (esta|estan) _ (permitid\\w*|autorizad\\w*|admitid\\w*)
        no se permit\\w*
        (ningun\\w*|nadie) _ (pueden?|podran?|deben?|deberan?)
        prohib\\w*|vedad\\w*
        """,
        "advise": """
        deberian?|recomiend\\w*|recomend\\w*|aconsej\\w*
        """,
        "oblige": """
        deben?|deberan?|obligad\\w*|obligatori\\w*|obligacion|(tiene|tienen) que|(ha|han) de
        requier\\w*|requerid\\w*|necesari\\w*|necesit\\w*|exigen?|exigid\\w*
        """,
        "permit": """
        pueden?|podran?|permit\\w*|autorizad\\w*|derecho a
        """,
        "not": """
        no _ (ningun\\w*|nunca|nadie|nada|jamas)
        ni _ ni
        no|ningun\\w*|nunca|nadie|jamas|sin|ni|tampoco
        """,
    },
)
